#!/usr/bin/env bash
# Fails when a compiled function holds an instruction that the CPUs it is meant for may not have.
#   .ci/check_instructions.sh file...     shared library, object or archive with its symbols
# A function of a Highway target (its symbol names hwy's namespace N_<TARGET>) may use what Highway
# looks for before it picks that target; every other function runs everywhere and may use only what
# each x86-64 CPU has. The tests cannot see such a fault on a CPU that has everything.
set -u
export LC_ALL=C
[ $# -gt 0 ] || { sed -n '2,6s/^# \{0,1\}//p' "$0" >&2; exit 2; }
case $(uname -m) in
    x86_64) ;;
    *) echo "check_instructions: knows x86-64 only, nothing checked"; exit 0 ;;
esac
command -v objdump >/dev/null || { echo "check_instructions: objdump (binutils) not found"; exit 2; }

# The families of instructions, as regular expressions over mnemonics and operands. `x` in front of
# a name: what the family adds to those before it.
check='
BEGIN {
    sse = "^(p(abs|align|blend|hadd|hsub|madd.bsw|mulhrsw|shufb|sign)|palignr|phmin|pmuldq|pmulld" \
        "|pmin(sb|sd|uw|ud)|pmax(sb|sd|uw|ud)|pmov[sz]x|pextr[bdq]|pinsr[bdq]|packusdw|ptest|pcmp(eqq|gtq|[ei]str)" \
        "|blendv?p|round[ps][sd]|dpp[sd]|insertps|extractps|mpsadbw|movntdqa|h(add|sub)p|addsubp|mov(s[hl]|d)dup|lddqu" \
        "|crc32|popcnt|pclmul|aes)"
    # SSE3 and SSSE3 are the part of it that the target SSSE3 has.
    sse4 = "^(pblend|phmin|pmuldq|pmulld|pmin(sb|sd|uw|ud)|pmax(sb|sd|uw|ud)|pmov[sz]x|pextr[bdq]|pinsr[bdq]" \
        "|packusdw|ptest|pcmp(eqq|gtq|[ei]str)|blendv?p|round[ps][sd]|dpp[sd]|insertps|extractps|mpsadbw|movntdqa" \
        "|crc32|popcnt|pclmul|aes)"
    bmi = "^(andn|bextr|bls(i|r|msk)|bzhi|mulx|pdep|pext|rorx|sarx|shlx|shrx|lzcnt|adcx|adox)$"
    avx = "^v[^e]|^v(ext|exp)"            # every VEX and EVEX name begins with v; verr and verw do not count
    evex_operand = "[xyz]mm(1[6-9]|2[0-9]|3[01])|zmm|%k[0-7]|\\{1to|\\{r[nuzd]-sae|\\{sae\\}"
    evex = "^(k(mov|or|and|xor|not|test|shift|unpck|add)|vmovdq[ua](8|16|32|64)|vpternlog|vp(and|or|xor|andn)[dq]$" \
        "|vp(mullq|absq|sraq)|vp(min|max)[su]q|vpro[lr]|v(scalef|rndscale|getexp|getmant|fixupimm|range|reduce|fpclass)" \
        "|vp?(compress|expand)|vpconflict|vplzcnt|vpopcnt|vperm[ti]2|vperm[bw]$|vpmultishift|vpsh[lr]d[vwdq]|vpdp" \
        "|vpmadd52|vdbpsad|vcvtt?p[sdh]2u|vcvtu|vcvtt?p[sd]2qq|vcvtqq|vpmov(s|us)?[qdw][bwd]$|vpmov[bwdq]2m" \
        "|vpmovm2|v(broadcast|extract|insert)[fi](32|64)x|vshuf[fi](32|64)x|vpbroadcastm|vp2intersect|valign[dq]|vrcp14|vrsqrt14)"
    bf16 = "^v(cvtne2?ps2bf16|dpbf16ps)"
    # What stands behind no target that is compiled: half-precision arithmetic and the like.
    never = "^(v(add|sub|mul|div|sqrt|min|max|cmp|fn?m(add|sub)[0-9]*|getexp|getmant|reduce|rndscale|scalef|rcp|rsqrt)(ph|sh)" \
        "|vpmadd52|vp2intersect|vp4dp|v4f|vexp2|vrcp28|vrsqrt28|vsha512|vsm[34]|tdp|tile)"
    dl = "^(vpopcnt|vpdp|vperm(b|[ti]2b)$|vpmultishift|vp(compress|expand)[bw]$|vpsh[lr]d[vwdq]|vpshufbitqmb|vgf2p8)"
    dl_wide = "^(vpclmul|vaes)"           # on ymm and zmm
    failures = functions = instructions = 0
}
# The target of a mangled name, or "" for a function that runs everywhere.
function target_of(symbol,    at) {
    at = match(symbol, /[0-9]N_[A-Z][A-Z0-9_]*/)
    if (!at)
        return ""
    # The digits before say how long the name is: what follows it may begin with a digit too.
    while (at > 1 && substr(symbol, at - 1, 1) ~ /[0-9]/)
        at--
    match(substr(symbol, at), /^[0-9]+/)
    return substr(symbol, at + RLENGTH, substr(symbol, at, RLENGTH) + 0)
}
function wrong(name, operands, prefix) {
    if (prefix == "{vex}")
        return "VEX form of an AVX-512 instruction"
    if (name ~ never)
        return "no compiled target has it"
    if (target == "" || target == "N_SSE2" || target == "N_EMU128" || target == "N_SCALAR")
        return name ~ avx || name ~ evex || name ~ sse || name ~ bmi ? "not plain x86-64" : ""
    if (target == "N_SSSE3")
        return name ~ avx || name ~ evex || name ~ sse4 || name ~ bmi ? "beyond SSSE3" : ""
    if (target == "N_SSE4")
        return name ~ avx || name ~ evex || name ~ bmi ? "beyond SSE4" : ""
    if (target == "N_AVX2")
        return name ~ evex || operands ~ evex_operand || name ~ /^vgf2p8/ || (name ~ dl_wide && operands ~ /ymm/) ? "beyond AVX2" : ""
    if (target == "N_AVX3")
        return name ~ dl || name ~ bf16 || (name ~ dl_wide && operands ~ /[yz]mm/) ? "beyond AVX3" : ""
    if (target == "N_AVX3_DL")
        return name ~ bf16 ? "beyond AVX3_DL" : ""
    # Highway 1.3 adds AVX10_2, for CPUs that have all of these and more.
    if (target == "N_AVX3_ZEN4" || target == "N_AVX3_SPR" || target == "N_AVX10_2")
        return ""
    return "a target this script does not know: " target
}
/file format/ { file = $1; next }
/^[0-9a-f]+ <.*>:$/ {
    symbol = $2
    gsub(/^<|>:$/, "", symbol)
    target = target_of(symbol)
    seen[target == "" ? "plain" : substr(target, 3)]++
    functions++
    next
}
/^ +[0-9a-f]+:\t/ {
    instructions++
    line = $0
    sub(/^ +[0-9a-f]+:\t/, "", line)
    prefix = ""
    while (match(line, /^(\{[a-z0-9]+\}|rep[a-z]*|lock|bnd|notrack|data16|cs|ds|es|addr32|rex[.A-Z]*) +/)) {
        if (line ~ /^\{/)
            prefix = substr(line, 1, index(line, "}"))
        line = substr(line, RLENGTH + 1)
    }
    name = line
    sub(/[ \t].*/, "", name)
    why = wrong(name, substr(line, length(name) + 1), prefix)
    if (why != "") {
        if (failures++ < 40)
            printf "%s %s: %s%s (%s)\n", file, symbol, prefix == "" ? "" : prefix " ", line, why
    }
}
END {
    if (!instructions) {
        print "check_instructions: nothing to disassemble"
        exit 2
    }
    for (t in seen)
        list = list " " t " " seen[t]
    if (failures) {
        printf "check_instructions: %d wrong in %d functions (%s )\n", failures, functions, list
        exit 1
    }
    printf "check_instructions: %d instructions of %d functions (%s ) are where they may be\n", instructions, functions, list
}'
objdump -d --no-show-raw-insn "$@" | awk "$check"
