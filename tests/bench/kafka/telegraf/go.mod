// The one place that pins Telegraf: a change here is a new program in the cache.
module shihyo.tests/telegraf

go 1.25.5

require github.com/influxdata/telegraf v1.37.2
