package millrace.interop.peer;

import java.util.Map;
import org.springframework.amqp.core.MessageBuilder;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.stereotype.Component;

/** RabbitMQ: no null payloads, dead letters with their exchange, requests with direct reply-to. */
@Component
class RabbitBroker implements Broker {
  private final RabbitTemplate template;

  RabbitBroker(RabbitTemplate template) {
    this.template = template;
    template.setReplyTimeout(30_000);
  }

  @Override
  public Object nothing() {
    return new byte[0];
  }

  @Override
  public String originOf(Message<?> deadLetter) {
    return (String) deadLetter.getHeaders().get("x-original-exchange");
  }

  /** {@code destination} is the queue. */
  @Override
  public Map<String, Object> request(String destination, Message<?> request) {
    MessageProperties properties = new MessageProperties();
    request.getHeaders().forEach((name, value) -> {
      if (name.equals(MessageHeaders.CONTENT_TYPE)) properties.setContentType(value.toString());
      else if (value instanceof String text) properties.setHeader(name, text);
    });
    var body = MessageBuilder.withBody((byte[]) request.getPayload()).andProperties(properties).build();
    var reply = template.sendAndReceive("", destination, body);
    if (reply == null) throw new IllegalStateException("no reply from " + destination);
    return Map.of(
        "payload", Typed.describe(reply.getBody()),
        "headers", Typed.describeAll(reply.getMessageProperties().getHeaders()));
  }
}
