/*
 * Preloaded into wrk: connections to BB_BENCH_PORT go through the proxy on BB_BENCH_PROXY, by CONNECT to localhost,
 * before wrk begins TLS on them. Each handshake is a whole one: what wrk remembers of the last is forgotten.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int port_of(const char *name) {
  const char *text = getenv(name);
  return text == NULL ? 0 : atoi(text);
}

static int wait_for(int fd, short events) {
  struct pollfd waited = {.fd = fd, .events = events};
  return poll(&waited, 1, 10000) == 1;
}

static int fail(void) {
  errno = ECONNREFUSED;
  return -1;
}

/* Asks for the tunnel and reads the answer byte by byte: what follows it is not ours. */
static int open_tunnel(int fd, int target) {
  char text[256];
  int length = snprintf(text, sizeof text, "CONNECT localhost:%d HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", target, target);
  if (write(fd, text, length) != length) return fail();
  char answer[1024] = {0};
  for (size_t read_so_far = 0; read_so_far < sizeof answer - 1;) {
    if (!wait_for(fd, POLLIN) || read(fd, answer + read_so_far, 1) != 1) return fail();
    read_so_far += 1;
    if (read_so_far >= 4 && memcmp(answer + read_so_far - 4, "\r\n\r\n", 4) == 0) break;
  }
  return strncmp(answer + 8, " 200", 4) == 0 ? 0 : fail();
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  int (*real)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
  int target = port_of("BB_BENCH_PORT"), proxy = port_of("BB_BENCH_PROXY");
  const struct sockaddr_in *wanted = (const struct sockaddr_in *)address;
  if (proxy == 0 || wanted->sin_family != AF_INET || ntohs(wanted->sin_port) != target)
    return real(fd, address, length);
  struct sockaddr_in through = *wanted;
  through.sin_port = htons(proxy);
  if (real(fd, (struct sockaddr *)&through, sizeof through) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    if (errno != EINPROGRESS || !wait_for(fd, POLLOUT)) return -1;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return fail();
  }
  return open_tunnel(fd, target);
}

int SSL_clear(void *ssl) {
  int (*real)(void *) = dlsym(RTLD_NEXT, "SSL_clear");
  int (*set_session)(void *, void *) = dlsym(RTLD_DEFAULT, "SSL_set_session");
  int done = real(ssl);
  if (set_session != NULL) set_session(ssl, NULL);
  return done;
}
