package millrace.interop.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.util.MimeType;

/** Values with their Java classes, as JSON: {@code {"type": "java.lang.Integer", "value": 42}}. */
final class Typed {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Typed() {}

  /** What a test is told about a value: bytes as base64, all that JSON does not have as text. */
  static Map<String, Object> describe(Object value) {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("type", value == null ? null : value.getClass().getName());
    described.put("value", shown(value));
    return described;
  }

  static Map<String, Object> describeAll(Map<?, ?> values) {
    Map<String, Object> described = new LinkedHashMap<>();
    values.forEach((name, value) -> described.put(String.valueOf(name), describe(value)));
    return described;
  }

  /** The value that a test asked for. */
  static Object value(Map<String, Object> described) throws ClassNotFoundException {
    String type = (String) described.get("type");
    Object value = described.get("value");
    if (type.equals("[B")) return Base64.getDecoder().decode((String) value);
    if (type.equals(MimeType.class.getName())) return MimeType.valueOf((String) value);
    return JSON.convertValue(value, Class.forName(type));
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (com.fasterxml.jackson.core.JsonProcessingException problem) {
      throw new IllegalStateException(problem);
    }
  }

  private static Object shown(Object value) {
    if (value == null || value instanceof String || value instanceof Number || value instanceof Boolean) return value;
    if (value instanceof byte[] bytes) return Base64.getEncoder().encodeToString(bytes);
    if (value instanceof Map<?, ?> map) return describeAll(map);
    if (value instanceof List<?> list) {
      List<Object> items = new ArrayList<>();
      list.forEach(item -> items.add(describe(item)));
      return items;
    }
    return value.toString();
  }
}
