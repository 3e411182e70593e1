/* The least that an echo server can do: one thread a connection, one read and one write for each message. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static void *serve(void *argument) {
    int peer = (int)(intptr_t)argument;
    static __thread char buffer[65536];
    ssize_t length;
    while ((length = recv(peer, buffer, sizeof buffer, 0)) > 0) {
        if (send(peer, buffer, (size_t)length, MSG_NOSIGNAL) != length) {
            break;
        }
    }
    close(peer);
    return NULL;
}

int main(void) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) || listen(listener, 128) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        perror("echo");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int peer = accept(listener, NULL, NULL);
        pthread_t thread;
        if (peer < 0) {
            return 1;
        }
        setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)peer)) {
            return 1;
        }
        pthread_detach(thread);
    }
}
