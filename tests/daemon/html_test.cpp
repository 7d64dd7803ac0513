#include "daemon/control/page/html.h"

#include <gtest/gtest.h>

namespace attestrd {
namespace {

TEST(Html, EscapesWhatCouldBeMarkup) {
  EXPECT_EQ(html_escaped("<b a=\"1\" b='2'>&amp;</b>"),
            "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;");
  EXPECT_EQ(html_escaped("DS01 ü"), "DS01 ü");
}

}  // namespace
}  // namespace attestrd
