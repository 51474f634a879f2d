/// The system calls that reading a database takes, and no others: seccomp.
#pragma once

namespace sqlite_exporter {

/// For good. Any other call fails with EPERM. False with errno where the kernel cannot.
bool restrict_system_calls();

}  // namespace sqlite_exporter
