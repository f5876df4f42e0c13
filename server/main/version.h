// The version of this build, as shown by all faces.
#ifndef ABCDS_SERVER_MAIN_VERSION_H_
#define ABCDS_SERVER_MAIN_VERSION_H_

namespace abcds {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace abcds

#endif  // ABCDS_SERVER_MAIN_VERSION_H_
