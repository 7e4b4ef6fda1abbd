#pragma once

namespace seglab {

// The files of page/, which the build puts into the program.

/// The skeleton of report.html with @TITLE@, @STYLE@, @HEADLINE@, @INTRODUCTION@, @LINKS@,
/// @SECTIONS@, @SCRIPT@ and what belongs to them. Its policy forbids every script but ours, and
/// everything that does not stand in the file itself.
extern const char kPageHtml[];

/// Its style. Colors of lines are those of Okabe and Ito ("Color universal design"), which
/// color-blind people can tell apart, darker on light ground and brighter on dark.
extern const char kPageCss[];

/// What the page can do more where scripts are allowed: the viewer of pictures, sorted tables.
extern const char kPageScript[];

}  // namespace seglab
