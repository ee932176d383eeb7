package millrace.interop.peer;

import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.messaging.Message;
import org.springframework.stereotype.Component;

/** Tells the test, on standard output, what a function was given. */
@Component
class Reporter {
  void report(String function, Message<?> message) {
    Map<String, Object> seen = new LinkedHashMap<>();
    seen.put("function", function);
    seen.put("payload", Typed.describe(message.getPayload()));
    seen.put("headers", Typed.describeAll(message.getHeaders()));
    print("seen", seen);
  }

  void print(String kind, Object content) {
    synchronized (System.out) {
      System.out.println("peer-" + kind + " " + Typed.json(content));
      System.out.flush();
    }
  }
}
