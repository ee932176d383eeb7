package millrace.interop.app;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The start class of every stream application: what it does comes from the function on its class path. */
@SpringBootApplication
public class StreamApplication {
  public static void main(String[] args) {
    SpringApplication.run(StreamApplication.class, args);
  }
}
