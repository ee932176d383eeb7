package millrace.interop.peer;

import java.util.Map;
import org.springframework.messaging.Message;

/** What each binder has a way of its own for. */
interface Broker {
  /** The payload of a tombstone. */
  Object nothing();

  /** The destination that a dead letter was sent to at first. */
  String originOf(Message<?> deadLetter);

  /** Sends a request as clients of this broker do, and gives the payload and headers of the reply, described. */
  Map<String, Object> request(String destination, Message<?> request) throws Exception;
}
