// The contract for binder authors.
