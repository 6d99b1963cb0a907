// Hints to the compiler. Without them everything works as well, and slower.

#ifndef CORE_HINT_H
#define CORE_HINT_H

#if defined(__GNUC__)
#define PREFETCH(p) __builtin_prefetch(p)
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define NEVER_INLINE static __attribute__((noinline))
#else
#define PREFETCH(p) ((void)(p))
#define ALWAYS_INLINE static inline
#define NEVER_INLINE static
#endif

#endif
