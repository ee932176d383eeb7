package millrace.interop.peer;

import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.springframework.cloud.stream.function.StreamBridge;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;
import org.springframework.messaging.support.MessageBuilder;

/** What can be bound; {@code spring.cloud.function.definition} chooses. */
@Configuration
class Functions {
  @Bean
  Consumer<Message<byte[]>> seen(Reporter reporter) {
    return message -> reporter.report("seen", message);
  }

  @Bean
  Consumer<Message<String>> seenText(Reporter reporter) {
    return message -> reporter.report("seenText", message);
  }

  @Bean
  Consumer<Message<Reading>> seenReading(Reporter reporter) {
    return message -> reporter.report("seenReading", message);
  }

  // With byte[] for String, Spring Cloud Stream 4.2.1 gives an empty list, whoever sent the messages.
  @Bean
  Consumer<Message<List<String>>> seenBatch(Reporter reporter) {
    return message -> reporter.report("seenBatch", message);
  }

  /** Takes and gives bare values, so that Spring copies the headers. */
  @Bean
  Function<Reading, Reading> warm() {
    return reading -> new Reading(reading.sensor(), reading.celsius() + 1, reading.note());
  }

  @Bean
  Function<String, String> upper() {
    return String::toUpperCase;
  }

  /** Makes a message of each line, with the headers of the whole, as Spring's splitter does. */
  @Bean
  Function<Message<byte[]>, List<Message<byte[]>>> lines() {
    return message -> new String(message.getPayload()).lines()
        .map(line -> MessageBuilder.withPayload(line.getBytes()).copyHeaders(message.getHeaders()).build())
        .toList();
  }

  /** Sends first and fails then for what says so: in a transaction, nothing of that may be seen. */
  @Bean
  Consumer<Message<byte[]>> doubtful(StreamBridge bridge) {
    return message -> {
      bridge.send("certain-out-0", message.getPayload());
      if (new String(message.getPayload()).contains("poison")) throw new IllegalArgumentException("cannot take poison");
    };
  }

  /** Makes one message of each of a batch. */
  @Bean
  Function<List<byte[]>, List<Message<byte[]>>> each() {
    return payloads -> payloads.stream().map(payload -> MessageBuilder.withPayload(payload).build()).toList();
  }

  /** Fails for what says so, until {@link Control#repair} was called. */
  @Bean
  Consumer<Message<byte[]>> fragile(Reporter reporter, Control control) {
    return message -> {
      if (control.isBroken() && new String(message.getPayload()).contains("poison")) {
        throw new IllegalArgumentException("cannot take poison", new IllegalStateException("no stomach"));
      }
      reporter.report("fragile", message);
    };
  }

  /** Sends dead letters back to where they came from, as the binder's manual does it. */
  @Bean
  Consumer<Message<byte[]>> redrive(StreamBridge bridge, Broker broker) {
    return message -> bridge.send(broker.originOf(message), message);
  }
}
