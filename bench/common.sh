# Sourced by the benchmark scripts that compare index methods: statements, times, and the settings of
# their private server (see make/cluster.sh).
#   WORKERS   parallel maintenance workers beside the leader (default 1)
#   MEMORY    maintenance_work_mem (default 2GB)
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 "$@"; }

# seconds <sql>: how long it takes by the clock
seconds() {
    local start end
    start=$(date +%s.%N)
    sql -c "$1" >/dev/null || exit 1
    end=$(date +%s.%N)
    awk -v a="$start" -v b="$end" 'BEGIN { printf "%.2f", b - a }'
}

# rows_of <file of vectors> <dimensions> <first> <count>: lines for COPY
rows_of() { node bench/writes/copy_rows.mjs "$1" "$2" "$3" "$4" "$2"; }

bench_server="shared_buffers = 4GB
maintenance_work_mem = ${MEMORY:-2GB}
max_wal_size = 16GB
checkpoint_timeout = 1h
max_parallel_maintenance_workers = ${WORKERS:-1}
autovacuum = off"
