import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * Kafka's own consumer as a member of a group: JavaMember BROKERS TOPIC GROUP ASSIGNORS. Prints what it gets as `got VALUE` until that is
 * `stop`, then what it was given as `owned PARTITION …`.
 */
public final class JavaMember {
  public static void main(String[] args) {
    var properties = new Properties();
    properties.put("bootstrap.servers", args[0]);
    properties.put("group.id", args[2]);
    properties.put("partition.assignment.strategy", args[3]);
    properties.put("auto.offset.reset", "earliest");
    properties.put("enable.auto.commit", "false");
    properties.put("heartbeat.interval.ms", "200");
    var owned = new java.util.TreeSet<Integer>();
    try (var consumer = new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of(args[1]), new ConsumerRebalanceListener() {
        @Override public void onPartitionsAssigned(Collection<TopicPartition> added) {
          for (var each : added) owned.add(each.partition());
        }
        @Override public void onPartitionsRevoked(Collection<TopicPartition> taken) {
          for (var each : taken) owned.remove(each.partition());
        }
      });
      for (var stopped = false; !stopped;) {
        for (var each : consumer.poll(Duration.ofMillis(200))) {
          if (each.value().equals("stop")) stopped = true;
          else System.out.println("got " + each.value());
        }
        consumer.commitSync();
      }
      System.out.println("owned " + owned);
    }
  }
}
