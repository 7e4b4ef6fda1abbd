#pragma once

namespace seglab {

// The files of page/, which the build puts into the program.

/// The skeleton of report.html with @TITLE@, @STYLE@, @INTRODUCTION@, @LINKS@ and @SECTIONS@. Its
/// policy forbids scripts and everything that does not stand in the file itself.
extern const char kPageHtml[];

/// Its style. Colors of lines are those of Okabe and Ito ("Color universal design"), which
/// color-blind people can tell apart, darker on light ground and brighter on dark.
extern const char kPageCss[];

}  // namespace seglab
