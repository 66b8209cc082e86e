#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace chat::http {

/// What a port says to a plain HTTP request, as far as its first bytes tell.
enum class Speaks {
  unknown_host,  ///< the host's name leads to no address
  refused,       ///< nothing accepts there
  silence,       ///< accepts and says nothing in time
  closes,        ///< accepts and ends the connection without a byte
  http,
  tls,   ///< a TLS record (RFC 8446 section 5.1): it expects TLS
  amqp,  ///< AMQP's protocol header: it is a broker's port
  other,
};

/// Asks `host`:`port` once, within `bound` for connecting and again for its answer (a name's
/// look-up has the system's bound). To explain a failure that has happened. Thread: any; blocks.
Speaks probe(const std::string& host, std::uint16_t port, std::chrono::milliseconds bound);

}  // namespace chat::http
