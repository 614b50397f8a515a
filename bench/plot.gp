# Draws one result file of bench_e2e as an SVG with two panels: recall against queries per second, and
# recall against index pages read per query.
#   gnuplot -e "input='results.tsv'; output='results.svg'; name='glove'" bench/plot.gp
set terminal svg size 1100,480 dynamic background rgb 'white' font 'sans,13'
set output output
set datafile separator "\t"
set multiplot layout 1,2 title name noenhanced
set grid
set key bottom left noenhanced
set logscale y
set xlabel 'recall@10' noenhanced

# Columns of the input: 4 method, 7 ef (0: none), 8 recall, 10 queries/s, 16 index pages (-1: none).
methods = system("awk -F'\t' 'NR > 1 && $7 > 0 && !seen[$4]++ {print $4}' ".input)
paged = system("awk -F'\t' 'NR > 1 && $7 > 0 && $16 > 0 && !seen[$4]++ {print $4}' ".input)

set ylabel 'queries per second (one client)'
plot for [m in methods] "< awk -F'\t' '$4 == \"".m."\" && $7 > 0' ".input using 8:10 \
    with linespoints lw 2 pt 7 ps 0.6 title m
set ylabel 'index pages per query'
if (words(paged) > 0) {
    plot for [m in paged] "< awk -F'\t' '$4 == \"".m."\" && $7 > 0' ".input using 8:16 \
        with linespoints lw 2 pt 7 ps 0.6 title m
}
unset multiplot
