/// Readings in one array, their label text in another.
#include "collectors/batch.h"

#include <cassert>

#include "collectors/label_text.h"

namespace sqlite_exporter {

void Batch::add(const Metric& metric, double value,
                std::initializer_list<std::string_view> label_values) {
  assert(label_values.size() == metric.labels().size());
  const std::size_t offset = label_text_.size();
  auto name = metric.labels().begin();
  for (const std::string_view label_value : label_values) {
    if (label_text_.size() > offset) label_text_ += ',';
    append_label(label_text_, *name++, label_value);
  }
  readings_.push_back({&metric, value, static_cast<std::uint32_t>(offset),
                       static_cast<std::uint32_t>(label_text_.size() - offset)});
}

void Batch::truncate(std::size_t size) {
  if (size >= readings_.size()) return;
  label_text_.resize(readings_[size].labels_offset);
  readings_.resize(size);
}

std::string_view Batch::labels(const Reading& reading) const {
  return std::string_view(label_text_).substr(reading.labels_offset, reading.labels_size);
}

}  // namespace sqlite_exporter
