// Which instruction sets the kernels are compiled for. Every file that includes
// hwy/foreach_target.h, and every test that asks for HWY_TARGETS, includes this header first. A
// lambda in a kernel is marked VG_ATTR where Highway's documentation says HWY_ATTR.
//
// AVX3_DL (AVX-512 with VPOPCNTDQ, VBMI and VNNI: Ice Lake, Zen 4 and later) is compiled only for
// those who ask. We do: its VPOPCNTQ counts the bits of link codes.
#pragma once

#ifndef HWY_WANT_AVX3_DL
#define HWY_WANT_AVX3_DL
#endif
#include "hwy/base.h"
#include "hwy/detect_targets.h"

// Before release 1.0.4, the first that knows AVX3_ZEN4, Highway tells the compiler that a CPU of
// AVX3_DL has AVX-VNNI where it means AVX-512 VNNI. Ice Lake and Zen 4 have only the latter: what
// the compiler then makes of scalar loops is illegal there. With g++ we take AVX-VNNI away again,
// from Highway's own functions too (a caller inlines only what needs no more than itself). clang
// does not let two attributes add up on a lambda: it does without AVX3_DL.
// .ci/check_instructions.sh looks at the result.
#if !HWY_ARCH_X86 || defined(HWY_AVX3_ZEN4)
#define VG_ATTR HWY_ATTR
#elif HWY_COMPILER_CLANG
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS HWY_AVX3_DL
#define VG_ATTR HWY_ATTR
#else
#undef HWY_PUSH_ATTRIBUTES
#define HWY_PUSH_ATTRIBUTES(targets) \
    HWY_PRAGMA(GCC push_options) HWY_PRAGMA(GCC target targets ",no-avxvnni")
#define VG_ATTR HWY_ATTR __attribute__((target("no-avxvnni")))
#endif
