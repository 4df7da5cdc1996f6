/* A Modbus slave of libmodbus's own: `modbus_slave tcp` says its port, `modbus_slave rtu TERMINAL` serves unit 7 there.
   It ends when its standard input does. */
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>

static void fill(modbus_mapping_t* map) {
  static const char name[] = "PEER-1";
  map->tab_input_registers[0] = 0x41AC; /* 21.5 */
  map->tab_registers[10] = 0xCD15;      /* 123456789, low word first */
  map->tab_registers[11] = 0x075B;
  map->tab_registers[20] = 0xFFFB; /* -5 */
  map->tab_bits[3] = 1;
  for (int i = 0; i < 3; ++i)
    map->tab_registers[40 + i] = (uint16_t)((unsigned char)name[2 * i] << 8 | (unsigned char)name[2 * i + 1]);
}

/* 1: a request waits; 0: the test is over. */
static int wait_for(int fd) {
  for (;;) {
    fd_set both;
    FD_ZERO(&both);
    FD_SET(0, &both);
    FD_SET(fd, &both);
    if (select(fd + 1, &both, NULL, NULL, NULL) < 0) return 0;
    char ended;
    if (FD_ISSET(0, &both) && fread(&ended, 1, 1, stdin) == 0) return 0;
    if (FD_ISSET(fd, &both)) return 1;
  }
}

static void serve(modbus_t* context, modbus_mapping_t* map) {
  uint8_t query[MODBUS_MAX_ADU_LENGTH];
  while (wait_for(modbus_get_socket(context))) {
    const int count = modbus_receive(context, query);
    if (count > 0) modbus_reply(context, query, count, map);
    if (count < 0 && errno == ECONNRESET) return;
  }
}

int main(int argc, char** argv) {
  modbus_mapping_t* const map = modbus_mapping_new(100, 100, 100, 100);
  fill(map);
  if (argc == 3 && strcmp(argv[1], "rtu") == 0) {
    modbus_t* const context = modbus_new_rtu(argv[2], 115200, 'N', 8, 1);
    modbus_set_slave(context, 7);
    if (modbus_connect(context) != 0) return 1;
    printf("ready 0\n");
    fflush(stdout);
    serve(context, map);
    return 0;
  }
  modbus_t* const context = modbus_new_tcp("127.0.0.1", 0);
  int listener = modbus_tcp_listen(context, 4);
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  if (listener < 0 || getsockname(listener, (struct sockaddr*)&address, &size) != 0) return 1;
  printf("ready %d\n", ntohs(address.sin_port));
  fflush(stdout);
  while (wait_for(listener)) {
    if (modbus_tcp_accept(context, &listener) < 0) return 1;
    serve(context, map);
    modbus_close(context);
  }
  return 0;
}
