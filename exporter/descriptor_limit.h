/// How many files this process may have open.
#pragma once

namespace sqlite_exporter {

/// Raises the soft limit to the hard one: the default of 1024 ends at 500 attached databases of two
/// descriptors each. Where that is refused the limit stays as it is.
void raise_descriptor_limit();

}  // namespace sqlite_exporter
