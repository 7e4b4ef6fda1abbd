#include "report/pictures_section.h"

#include <cmath>

#include "base/error.h"
#include "base/format.h"
#include "report/html.h"
#include "report/picture_cells.h"

namespace seglab {
namespace {

constexpr int kSide = 420;       ///< of a picture inside the page, at most
constexpr int kLongLegend = 24;  ///< classes; more of them are folded away

std::string Legend(const LabelSet& labels) {
  const auto item = [&labels](int index, const std::string& name) {
    return "<li>" + Swatch(MaskColor(labels, index)) + EscapeHtml(name) + "</li>";
  };
  std::string html = "<ul class=\"legend classes\">";
  for (int i = 0; i < labels.size(); ++i) html += item(i, labels.names[static_cast<size_t>(i)]);
  html += item(kIgnoreLabel, "void") + "</ul>\n";
  if (labels.size() <= kLongLegend) return html;
  return StrCat("<details class=\"legend-of-many\"><summary>", labels.size(),
                " classes and their colors</summary>\n", html, "</details>\n");
}

std::string Cell(const std::string& picture, const std::string& below = "") {
  if (picture.empty()) return "<td class=\"none\">–</td>";
  return "<td><div class=\"view\">" + picture + "</div>" + below + "</td>";
}

/// A row for each image, a column for each run.
std::string PicturesTable(const Gallery& gallery, const GalleryPart& part, const LabelSet& labels) {
  std::string html =
      "<div class=\"scroll\"><table class=\"pictures\">\n<thead><tr><th>image</th><th>truth</th>";
  for (size_t r = 0; r < gallery.runs.size(); ++r)
    html += "<th title=\"" + EscapeHtml(gallery.runs[r]->name) + "\">" +
            EscapeHtml(gallery.names[r]) + "</th>";
  html += "</tr></thead>\n<tbody>\n";
  for (const GalleryImage& image : part.images) {
    html += StrCat("<tr class=\"caption\"><th scope=\"row\" colspan=\"", gallery.runs.size() + 2,
                   "\"><span>", EscapeHtml(image.name), "</span></th></tr>\n<tr>");
    html += Cell(PhotoHtml(image.image, image.name, kSide));
    html += Cell(MaskHtml(image.truth, "truth of " + image.name, labels, kSide));
    for (size_t r = 0; r < gallery.runs.size(); ++r) {
      const std::string& path = image.predictions[r];
      const std::string picture = MaskHtml(
          path, "prediction of " + gallery.runs[r]->name + " for " + image.name, labels, kSide);
      const double score = image.scores[r];
      const std::string below =
          std::isfinite(score) ? "<p class=\"score\">" + FormatPercent(100 * score) + "</p>" : "";
      html +=
          picture.empty() ? Cell("") : Cell(picture + ErrorsHtml(path, image.truth, kSide), below);
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

std::string NoteOf(const Gallery& gallery) {
  std::string note;
  size_t shown = 0;
  for (const GalleryPart& part : gallery.parts) shown += part.images.size();
  if (gallery.parts.size() == 1 && shown < gallery.kept)
    note = StrCat(shown, " of ", gallery.kept, " images whose predictions are kept. ");
  if (gallery.parts.size() > 1) {
    note =
        StrCat("Of ", gallery.kept,
               " images whose predictions are kept: by the mean over the runs of an image's mean "
               "IU, and by how much it differs between them. ");
  }
  note += "Below a picture: its mean IU, percent, over the classes that are true or said in it.";
  if (gallery.left_out > 0)
    note += StrCat(" Of many runs the first of each row is shown, of the best ",
                   gallery.runs.size(), " rows; ", gallery.left_out, " are not.");
  return "<p class=\"note\">" + note + "</p>\n";
}

}  // namespace

std::string PicturesSection(const ExperimentResult& result, const std::vector<Gallery>& galleries) {
  if (galleries.empty()) return "";
  std::string html =
      "<section id=\"pictures\">\n<h2>Pictures</h2>\n" + Legend(result.labels) +
      "<p class=\"switch\"><label><input type=\"checkbox\" id=\"mark-errors\"> errors alone</label>"
      "<span class=\"hint\">a click on a picture opens it; then <kbd>←</kbd> <kbd>→</kbd> for "
      "other "
      "images, <kbd>1</kbd> … <kbd>9</kbd> for runs, <kbd>0</kbd> image, <kbd>t</kbd> truth, "
      "<kbd>e</kbd> errors, <kbd>o</kbd> over the image</span></p>\n";
  for (const Gallery& gallery : galleries) {
    for (const GalleryPart& part : gallery.parts) {
      if (!part.title.empty()) html += "<h3>" + part.title + "</h3>\n";
      html += PicturesTable(gallery, part, result.labels);
    }
    html += NoteOf(gallery);
  }
  return html + "</section>\n";
}

}  // namespace seglab
