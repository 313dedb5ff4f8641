#pragma once

/// OUNCE_CLONES before a function builds it twice on x86-64: for any processor, and for those with AVX2 and
/// FMA. Which one runs is chosen when the program starts. Not under the thread sanitizer, which is not ready
/// yet at that moment.
#if defined(__x86_64__) && !__has_feature(thread_sanitizer)
#define OUNCE_CLONES __attribute__((target_clones("default", "arch=x86-64-v3")))
#else
#define OUNCE_CLONES
#endif
