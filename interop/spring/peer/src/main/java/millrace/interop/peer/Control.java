package millrace.interop.peer;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.springframework.cloud.stream.function.StreamBridge;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.support.MessageBuilder;
import org.springframework.util.MimeType;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** How a test drives the peer. */
@RestController
class Control {
  private final StreamBridge bridge;
  private final Broker broker;
  private volatile boolean isBroken = true;

  Control(StreamBridge bridge, Broker broker) {
    this.bridge = bridge;
    this.broker = broker;
  }

  /** A message of a test: a payload in base64, none for a tombstone, or a typed one; headers by name with their Java classes. */
  record Draft(String payload, Map<String, Object> object, Map<String, Map<String, Object>> headers) {}

  @PostMapping("/send/{binding}")
  void send(@PathVariable String binding, @RequestBody List<Draft> drafts) throws ClassNotFoundException {
    for (Draft draft : drafts) {
      if (!bridge.send(binding, message(draft), contentType(draft))) throw new IllegalStateException("not sent to " + binding);
    }
  }

  /** Sends requests with this broker's own request-reply client and answers with the replies. */
  @PostMapping("/request/{destination}")
  List<Map<String, Object>> request(@PathVariable String destination, @RequestBody List<Draft> drafts) throws Exception {
    List<Map<String, Object>> replies = new ArrayList<>();
    for (Draft draft : drafts) replies.add(broker.request(destination, message(draft)));
    return replies;
  }

  @PostMapping("/repair")
  void repair() {
    isBroken = false;
  }

  boolean isBroken() {
    return isBroken;
  }

  private Message<?> message(Draft draft) throws ClassNotFoundException {
    MessageBuilder<?> builder = MessageBuilder.withPayload(payload(draft));
    for (Map.Entry<String, Map<String, Object>> header : draft.headers().entrySet()) {
      builder.setHeader(header.getKey(), Typed.value(header.getValue()));
    }
    return builder.build();
  }

  // The header of a message does not count here: the bridge goes by what the binding, or this, says.
  private static MimeType contentType(Draft draft) {
    Map<String, Object> given = draft.headers().get(MessageHeaders.CONTENT_TYPE);
    return MimeType.valueOf(given == null ? "application/json" : (String) given.get("value"));
  }

  private Object payload(Draft draft) throws ClassNotFoundException {
    if (draft.object() != null) return Typed.value(draft.object());
    return draft.payload() == null ? broker.nothing() : Base64.getDecoder().decode(draft.payload());
  }
}
