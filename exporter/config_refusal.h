/// The sentences that refuse a value: where it was written, what it must be, what it is.
#pragma once

#include <string>

#include "collectors/base/result.h"
#include "exporter/config_keys.h"

namespace sqlite_exporter {

inline tl::unexpected<Error> refuse(const std::string& where, const std::string& what) {
  return fail(Errc::config, std::string(where).append(" ").append(what));
}

inline tl::unexpected<Error> refuse(const std::string& where, const ConfigKey& key,
                                    const std::string& actual) {
  return refuse(where,
                std::string("must be ").append(key.expected).append(", not ").append(actual));
}

}  // namespace sqlite_exporter
