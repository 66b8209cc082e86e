#include "chat/bench/report/page.hpp"

#include "chat/bench/report/html_text.hpp"

namespace chat::bench {

std::string html_page(std::string_view title, std::string_view body) {
  std::string html = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>)";
  html += html_text(title);
  html += "</title>\n<style>\n";
  html += kPageStyle;
  html += "</style>\n</head>\n<body>\n<main>\n";
  html += body;
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace chat::bench
