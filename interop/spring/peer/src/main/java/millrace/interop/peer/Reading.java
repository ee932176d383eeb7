package millrace.interop.peer;

/** A payload that JSON is converted to and from. */
public record Reading(String sensor, double celsius, String note) {}
