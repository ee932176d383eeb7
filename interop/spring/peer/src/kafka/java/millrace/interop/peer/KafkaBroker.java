package millrace.interop.peer;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.requestreply.ReplyingKafkaTemplate;
import org.springframework.kafka.support.KafkaNull;
import org.springframework.messaging.Message;
import org.springframework.stereotype.Component;

/** Kafka: null values, dead letters with their topic in bytes, requests through {@link ReplyingKafkaTemplate}. */
@Component
class KafkaBroker implements Broker {
  private final String brokers;

  KafkaBroker(@Value("${spring.cloud.stream.kafka.binder.brokers}") String brokers) {
    this.brokers = brokers;
  }

  @Override
  public Object nothing() {
    return KafkaNull.INSTANCE;
  }

  @Override
  public String originOf(Message<?> deadLetter) {
    return new String((byte[]) deadLetter.getHeaders().get("x-original-topic"), StandardCharsets.UTF_8);
  }

  @Override
  public Map<String, Object> request(String destination, Message<?> request) throws Exception {
    ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(destination, (byte[]) request.getPayload());
    request.getHeaders().forEach((name, value) -> {
      if (value instanceof String text) record.headers().add(name, text.getBytes(StandardCharsets.UTF_8));
    });
    ReplyingKafkaTemplate<byte[], byte[], byte[]> template = template(destination + ".replies");
    template.start();
    try {
      template.waitForAssignment(Duration.ofSeconds(30));
      return described(template.sendAndReceive(record).get(30, TimeUnit.SECONDS));
    } finally {
      template.destroy();
    }
  }

  private ReplyingKafkaTemplate<byte[], byte[], byte[]> template(String replies) {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("bootstrap.servers", brokers);
    settings.put("key.serializer", ByteArraySerializer.class);
    settings.put("value.serializer", ByteArraySerializer.class);
    settings.put("key.deserializer", ByteArrayDeserializer.class);
    settings.put("value.deserializer", ByteArrayDeserializer.class);
    settings.put("group.id", "replies." + UUID.randomUUID());
    settings.put("auto.offset.reset", "earliest");
    Properties quick = new Properties();
    quick.put("metadata.max.age.ms", "1000");
    ContainerProperties container = new ContainerProperties(replies);
    container.setKafkaConsumerProperties(quick);
    return new ReplyingKafkaTemplate<>(
        new DefaultKafkaProducerFactory<>(settings),
        new KafkaMessageListenerContainer<>(new DefaultKafkaConsumerFactory<byte[], byte[]>(settings), container));
  }

  private static Map<String, Object> described(ConsumerRecord<byte[], byte[]> reply) {
    Map<String, Object> headers = new LinkedHashMap<>();
    reply.headers().forEach(header -> headers.put(header.key(), Typed.describe(header.value())));
    return Map.of("payload", Typed.describe(reply.value()), "headers", headers);
  }
}
