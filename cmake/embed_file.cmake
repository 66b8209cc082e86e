# cmake -DINPUT=… -DOUTPUT=… -DSYMBOL=… -P embed_file.cmake: a file's bytes, size and ETag as a .cpp.
file(READ "${INPUT}" hex HEX)
file(SHA256 "${INPUT}" digest)
string(SUBSTRING "${digest}" 0 16 etag)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE "${OUTPUT}" "\
extern const unsigned char ${SYMBOL}_data[];
extern const unsigned long ${SYMBOL}_size;
extern const char ${SYMBOL}_etag[];
const unsigned char ${SYMBOL}_data[] = {${bytes}0};
const unsigned long ${SYMBOL}_size = sizeof(${SYMBOL}_data) - 1;
const char ${SYMBOL}_etag[] = \"\\\"${etag}\\\"\";
")
