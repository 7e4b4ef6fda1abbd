#pragma once

#include <arpa/inet.h>
#include <c10/core/Device.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "parallel/group.h"

// Helpers of tests.
namespace seglab {

/// A port of this machine that nothing listens at.
inline int FreePort() {
  const int file = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(file, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(file);
  return ntohs(address.sin_port);
}

/// Runs a function as each of `size` members of a group, threads instead of processes.
template <typename Function>
void Together(int size, const Function& function) {
  const int port = FreePort();
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      World world;
      world.rank = rank;
      world.size = size;
      world.port = port;
      const Group group(world, c10::Device("cpu"));
      function(group);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace seglab
