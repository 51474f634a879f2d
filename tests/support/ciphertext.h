/// Makes ciphertext of a file's bytes as a cipher would: noise, the same each time.
#pragma once

#include <cstddef>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>
#include <string>

namespace sqlite_exporter::test {

/// In place, from byte `from` on to the end or `length` bytes; another seed is another IV.
inline void encrypt_file(const std::string& path, std::size_t from = 0, std::uint32_t seed = 1,
                         std::size_t length = std::string::npos) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in || bytes.size() <= from) throw std::runtime_error("nothing to encrypt in " + path);
  bytes = bytes.substr(from, length);
  std::mt19937 generator(seed);
  for (char& byte : bytes)
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (generator() >> 24U));
  std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(from));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path);
}

}  // namespace sqlite_exporter::test
