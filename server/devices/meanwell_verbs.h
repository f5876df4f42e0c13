// `abcdsctl meanwell …`: a Mean Well device asked and set up by hand, where no daemon drives it.
#ifndef ABCDS_SERVER_DEVICES_MEANWELL_VERBS_H_
#define ABCDS_SERVER_DEVICES_MEANWELL_VERBS_H_

#include <istream>
#include <ostream>
#include <string>
#include <vector>

namespace abcds {

// The Python original's verbs, with values in their units; a bare integer is its raw value (2760 is 27.60 V). Returns
// 0; 1 with one sentence on `err` where the device or its answer is wrong; 2 where the command line is.
int RunMeanwell(const std::vector<std::string>& arguments, std::istream& in, std::ostream& out, std::ostream& err);

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_MEANWELL_VERBS_H_
