/// Whether a sanitizer is built in, whose runtime needs more memory and more system calls.
#pragma once

namespace sqlite_exporter {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace sqlite_exporter
