#include "chat/bench/report/html_text.hpp"

#include "chat/base/text.hpp"

namespace chat::bench {

std::string html_text(std::string_view text) {
  std::string html;
  for (const char c : base::visible(text)) {
    switch (c) {
      case '&': html += "&amp;"; break;
      case '<': html += "&lt;"; break;
      case '>': html += "&gt;"; break;
      case '"': html += "&quot;"; break;
      case '\'': html += "&#39;"; break;
      default: html += c;
    }
  }
  return html;
}

std::string html_name(std::string_view text) { return "<bdi>" + html_text(text) + "</bdi>"; }

}  // namespace chat::bench
