/// Numbers, moments and foreign text in words that are safe to show in a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sqlite_exporter {

/// "4.0 MiB", "812 B".
std::string size_in_words(std::uint64_t bytes);
/// "42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"; what is less than a second is "0.3 s".
std::string time_in_words(double seconds);
/// "2026-11-20 12:00:03 UTC".
std::string moment_in_words(double unix_time);
/// 3040001 is "3.40.1"; "" for 0.
std::string sqlite_version_in_words(std::uint32_t number);

/// Paths and names of processes may hold any byte, and a terminal obeys some: control characters
/// become `\x1b`, and bytes that are no UTF-8 U+FFFD.
std::string printable(std::string_view text);

/// `text` behind `label`, in lines of 80 columns where its words let it; ends with a newline.
std::string labelled_paragraph(std::string_view label, std::string_view text);

}  // namespace sqlite_exporter
