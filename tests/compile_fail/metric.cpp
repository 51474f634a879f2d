/// One declaration of a metric for each value of CASE; check.cmake compiles it.
#include "collectors/metric.h"

using sqlite_exporter::counter;
using sqlite_exporter::gauge;
using sqlite_exporter::histogram;

constexpr auto kMetric = CASE;
