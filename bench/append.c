// The physical limit of durable appends: write + fdatasync of one block per call, on a growing file.
//   append FILE BLOCK_BYTES CALLS    prints seconds
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  size_t size = (size_t)atol(argv[2]);
  long calls = atol(argv[3]);
  char *block = malloc(size);
  if (block == NULL) return 1;
  memset(block, 'x', size);
  int fd = open(argv[1], O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (fd < 0) return 1;
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (long call = 0; call < calls; call++) {
    if (write(fd, block, size) != (ssize_t)size) return 1;
    if (fdatasync(fd) != 0) return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%f\n", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
  return 0;
}
