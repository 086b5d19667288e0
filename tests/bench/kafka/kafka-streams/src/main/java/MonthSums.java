import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams' side of the benchmark: keeps the newest revision of each figure and the sum of each month, in RocksDB
 * without a changelog, which is less than a city would ask of it.
 *
 * <p>Arguments: brokers, topic, records, folder of its state, file for the sums ({@code plan|series|month TAB sum}).
 */
public class MonthSums implements Processor<byte[], byte[], Void, Void> {
  private static final String NEWEST = "newest";
  private static final String MONTHS = "months";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicLong HANDLED = new AtomicLong();
  private static final AtomicBoolean FAILED = new AtomicBoolean();

  private KeyValueStore<String, String> newest;
  private KeyValueStore<String, Long> months;

  @Override
  public void init(ProcessorContext<Void, Void> context) {
    newest = context.getStateStore(NEWEST);
    months = context.getStateStore(MONTHS);
  }

  @Override
  public void process(Record<byte[], byte[]> message) {
    JsonNode observation;
    try {
      observation = JSON.readTree(message.value());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String series = observation.get("plan").asText() + "|" + observation.get("series").asText();
    String day = observation.get("period").get("from").asText();
    long revision = observation.get("revision").asLong();
    long value = observation.get("value").asLong();
    keep(series + "|" + day, series + "|" + day.substring(0, 7), revision, value);
    HANDLED.incrementAndGet();
  }

  private void keep(String figure, String month, long revision, long value) {
    String before = newest.get(figure);
    long old = 0;
    if (before != null) {
      int bar = before.indexOf('|');
      if (Long.parseLong(before.substring(0, bar)) >= revision) {
        return;
      }
      old = Long.parseLong(before.substring(bar + 1));
    }
    newest.put(figure, revision + "|" + value);
    Long sum = months.get(month);
    months.put(month, (sum == null ? 0 : sum) + value - old);
  }

  public static void main(String[] args) throws Exception {
    long records = Long.parseLong(args[2]);
    Properties properties = new Properties();
    properties.put("application.id", args[1] + "-streams-" + System.currentTimeMillis());
    properties.put("bootstrap.servers", args[0]);
    properties.put("auto.offset.reset", "earliest");
    properties.put("num.stream.threads", "2");
    properties.put("max.poll.records", "10000");
    properties.put("commit.interval.ms", "1000");
    properties.put("state.dir", args[3]);
    KafkaStreams streams = new KafkaStreams(topology(args[1]).build(), properties);
    streams.setUncaughtExceptionHandler(
        e -> {
          e.printStackTrace();
          FAILED.set(true);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    long first = 0;
    while (HANDLED.get() < records) {
      Thread.sleep(5);
      if (first == 0 && HANDLED.get() > 0) {
        first = System.nanoTime();
      }
      if (FAILED.get()) {
        System.exit(1);
      }
    }
    System.out.printf("{\"seconds\":%.3f}%n", (System.nanoTime() - first) / 1e9);
    write(streams, Path.of(args[4]));
    streams.close();
    System.exit(0);
  }

  private static StreamsBuilder topology(String topic) {
    StreamsBuilder builder = new StreamsBuilder();
    builder.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(NEWEST), Serdes.String(), Serdes.String())
            .withLoggingDisabled()
            .withCachingEnabled());
    builder.addStateStore(
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore(MONTHS), Serdes.String(), Serdes.Long())
            .withLoggingDisabled()
            .withCachingEnabled());
    builder
        .stream(topic, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
        .process(MonthSums::new, NEWEST, MONTHS);
    return builder;
  }

  private static void write(KafkaStreams streams, Path file) throws IOException {
    ReadOnlyKeyValueStore<String, Long> sums =
        streams.store(StoreQueryParameters.fromNameAndType(MONTHS, QueryableStoreTypes.keyValueStore()));
    try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file));
        KeyValueIterator<String, Long> all = sums.all()) {
      while (all.hasNext()) {
        KeyValue<String, Long> one = all.next();
        out.printf("%s\t%d%n", one.key, one.value);
      }
    }
  }
}
