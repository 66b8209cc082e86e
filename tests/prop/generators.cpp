#include "generators.hpp"

namespace chat::prop {
namespace {

std::string utf8_of(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000) {
    return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)),
            byte(0x80 | (point & 0x3F))};
  }
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)),
          byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F))};
}

rc::Gen<std::uint32_t> code_point() {
  return rc::gen::weightedOneOf<std::uint32_t>({
      {6, rc::gen::inRange<std::uint32_t>(0x20, 0x7F)},
      {2, rc::gen::inRange<std::uint32_t>(0, 0xA0)},
      {2, rc::gen::elementOf(std::vector<std::uint32_t>{
              '"', '\\', '/', 0x301, 0x200D, 0x202E, 0x2028, 0xFEFF, 0x1F468, 0x1F3FD, 0x1F1E9})},
      {2, rc::gen::inRange<std::uint32_t>(0xA0, 0xD800)},
      {1, rc::gen::inRange<std::uint32_t>(0xE000, 0x110000)},
  });
}

std::string join(const std::vector<std::string>& pieces, std::string_view between) {
  std::string all;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (i > 0) all += between;
    all += pieces[i];
  }
  return all;
}

rc::Gen<std::string> joined(rc::Gen<std::vector<std::string>> pieces, std::string between = {}) {
  return rc::gen::map(std::move(pieces), [between](const std::vector<std::string>& all) {
    return join(all, between);
  });
}

rc::Gen<std::string> spaces() {
  return rc::gen::weightedOneOf<std::string>(
      {{6, rc::gen::just(std::string())},
       {1, rc::gen::elementOf(std::vector<std::string>{" ", "\n", "\t", "\r", " \n  "})}});
}

rc::Gen<std::string> json_character() {
  const auto raw = rc::gen::map(
      rc::gen::suchThat(code_point(), [](auto p) { return p >= 0x20 && p != '"' && p != '\\'; }),
      utf8_of);
  const auto escaped = rc::gen::elementOf(
      std::vector<std::string>{R"(\")", R"(\\)", R"(\/)", R"(\b)", R"(\f)", R"(\n)", R"(\r)",
                               R"(\t)", R"(\u0000)", R"(\u00e9)", R"(\uABCD)", R"(\ud83d\uDE00)"});
  return rc::gen::weightedOneOf<std::string>({{4, raw}, {1, escaped}});
}

rc::Gen<std::string> json_string() {
  return rc::gen::map(joined(rc::gen::container<std::vector<std::string>>(json_character())),
                      [](const std::string& inside) { return '"' + inside + '"'; });
}

rc::Gen<std::string> json_number() {
  return rc::gen::apply([](const std::string& sign, std::uint64_t whole,
                           const std::string& rest) { return sign + std::to_string(whole) + rest; },
                        rc::gen::element<std::string>("", "-"), rc::gen::arbitrary<std::uint64_t>(),
                        rc::gen::element<std::string>("", ".0", ".50", "e10", "E-3", ".25e+07",
                                                      ".000000000000000001"));
}

rc::Gen<std::string> json_scalar() {
  return rc::gen::oneOf(json_string(), json_number(),
                        rc::gen::element<std::string>("true", "false", "null", "0", "[]", "{}"));
}

rc::Gen<std::string> spaced(rc::Gen<std::string> inner) {
  return rc::gen::apply([](const std::string& before, const std::string& value,
                           const std::string& after) { return before + value + after; },
                        spaces(), std::move(inner), spaces());
}

rc::Gen<std::string> wrapped(std::string open, rc::Gen<std::string> inside, std::string close) {
  return rc::gen::map(std::move(inside), [open, close](const std::string& text_inside) {
    return open + text_inside + close;
  });
}

rc::Gen<std::string> json_array(int depth) {
  auto items = rc::gen::resize(
      4, rc::gen::container<std::vector<std::string>>(spaced(json_value(depth - 1))));
  return wrapped("[", joined(std::move(items), ","), "]");
}

rc::Gen<std::string> json_key() {
  return rc::gen::oneOf(json_string(),
                        rc::gen::element<std::string>(R"("message")", R"("mess\u0061ge")", R"("n")",
                                                      R"("type")", R"("since")", R"("epoch")"));
}

rc::Gen<std::string> json_object(int depth) {
  auto member = rc::gen::apply(
      [](const std::string& key, const std::string& value) { return key + ":" + value; },
      spaced(json_key()), spaced(json_value(depth - 1)));
  auto members =
      rc::gen::resize(4, rc::gen::container<std::vector<std::string>>(std::move(member)));
  return wrapped("{", joined(std::move(members), ","), "}");
}

}  // namespace

rc::Gen<std::string> bytes() { return rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }

rc::Gen<std::string> text() {
  return joined(rc::gen::container<std::vector<std::string>>(rc::gen::map(code_point(), utf8_of)));
}

rc::Gen<std::string> token(std::size_t least, std::size_t most) {
  static const std::string kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return rc::gen::mapcat(rc::gen::inRange(least, most + 1), [](std::size_t length) {
    return rc::gen::container<std::string>(length, rc::gen::elementOf(kAlphabet));
  });
}

rc::Gen<std::string> json_value(int depth) {
  if (depth <= 1) return json_scalar();
  return rc::gen::lazy([depth] {
    return rc::gen::weightedOneOf<std::string>(
        {{3, json_scalar()}, {1, json_array(depth)}, {1, json_object(depth)}});
  });
}

rc::Gen<std::string> nearly_json() {
  return rc::gen::apply(
      [](std::string json, std::size_t at, char byte, int kind) {
        at %= json.size();
        if (kind == 0) json[at] = byte;
        if (kind == 1) json.erase(at, 1);
        if (kind == 2) json.insert(at, 1, byte);
        if (kind == 3) json.resize(at);
        return json;
      },
      wrapped(R"({"message":)", json_value(), "}"), rc::gen::arbitrary<std::size_t>(),
      rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::elementOf(std::string("{}[]\",:\\0 \n"))),
      rc::gen::inRange(0, 8));
}

}  // namespace chat::prop
