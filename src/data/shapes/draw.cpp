#include "data/shapes/draw.h"

#include <utility>

#include "data/shapes/artist.h"

namespace seglab::shapes {
namespace {

std::vector<Point> Box(int left, int top, int right, int bottom) {
  return {{left, top}, {right, top}, {right, bottom}, {left, bottom}};
}

/// A piece of pie from angle `from` to `to`.
std::vector<Point> Wedge(Point center, int radius, int from, int to) {
  std::vector<Point> points = {center};
  constexpr int kSteps = 8;
  for (int i = 0; i <= kSteps; ++i) {
    points.push_back(Polar(center, radius, from + (to - from) * i / kSteps));
  }
  return points;
}

std::vector<Point> StarPoints(int points, int outer, int inner) {
  std::vector<Point> corners;
  for (int i = 0; i < 2 * points; ++i) {
    const int angle = -kTurn / 4 + i * kTurn / (2 * points);
    corners.push_back(Polar({0, 0}, i % 2 == 0 ? outer : inner, angle));
  }
  return corners;
}

std::vector<Part> DrawBall(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const Color a = artist.Bold();
  const Color b = artist.BoldBeside(a);
  const int radius = L(0.5);
  switch (artist.Between(0, 3)) {
    case 0:  // beach ball
      artist.Add(artist.Plain(a)).Disc({0, 0}, radius);
      {
        const Paint second = artist.Plain(b);
        for (int i = 0; i < 3; ++i) {
          artist.Add(second).Solid(Wedge({0, 0}, radius, i * kTurn / 3, i * kTurn / 3 + kTurn / 6));
        }
      }
      artist.Add(artist.Plain(Brighter(a, 60))).Disc({0, 0}, L(0.09));
      break;
    case 1:
      artist.Add(artist.Patterned(Texture::kDots, a, b, 0.16)).Disc({0, 0}, radius);
      break;
    case 2:
      artist.Add(artist.Patterned(Texture::kStripes, a, b, 0.25)).Disc({0, 0}, radius);
      break;
    default:
      artist.Add(artist.Plain(a)).Disc({0, 0}, radius);
      break;
  }
  Paint gleam = artist.Plain({255, 255, 255});
  gleam.opacity = 130;
  artist.Add(gleam).Ellipse({L(-0.17), L(-0.2)}, L(0.11), L(0.08));
  return artist.Finish();
}

std::vector<Part> DrawStar(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const Color a = artist.Bold();
  const Color b = artist.BoldBeside(a);
  const int inner = artist.Length(0.19, 0.25);
  artist.Add(artist.Plain(a)).Solid(StarPoints(5, L(0.52), inner));
  if (artist.random().Chance(0.6)) {
    artist.Add(artist.Plain(b)).Solid(StarPoints(5, L(0.33), inner * 5 / 8));
  }
  return artist.Finish();
}

std::vector<Part> DrawRing(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const Color a = artist.Bold();
  const Color b = artist.BoldBeside(a);
  const int width = std::max(artist.Length(0.1, 0.2), artist.Width(0.0));
  const int radius = L(0.5);
  artist.Add(artist.Plain(a)).Ring({0, 0}, radius, width);
  if (artist.random().Chance(0.6)) {  // a lifebuoy's bands
    const Paint band = artist.Plain(b);
    const int bands = artist.Between(3, 5);
    for (int i = 0; i < bands; ++i) {
      const int from = i * kTurn / bands;
      std::vector<Point> contour;
      for (int step = 0; step <= 4; ++step) {
        contour.push_back(Polar({0, 0}, radius, from + step * kTurn / 48));
      }
      for (int step = 4; step >= 0; --step) {
        contour.push_back(Polar({0, 0}, radius - width, from + step * kTurn / 48));
      }
      artist.Add(band).Solid(std::move(contour));
    }
  }
  return artist.Finish();
}

std::vector<Part> DrawTree(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const int brown = artist.Between(50, 120);
  const Color bark = artist.Visible(FromHsv(artist.Between(20, 150), 150, brown));
  // Spring to autumn, now and then a fancy color.
  const int hue = artist.random().Chance(0.8) ? artist.Between(150, 640) : artist.Between(0, 1535);
  const int saturation = artist.Between(110, 230);
  const int value = artist.Between(80, 210);
  const Color leaf = artist.Visible(FromHsv(hue, saturation, value));
  const int depth = artist.Between(60, 110);
  const Paint crown =
      artist.Patterned(Texture::kNoise, Brighter(leaf, -depth), Brighter(leaf, 50), 0.1);

  const int trunk = std::max(artist.Length(0.03, 0.06), artist.Width(0.0) / 2);
  artist.Add(artist.Patterned(Texture::kNoise, bark, Brighter(bark, 40), 0.05))
      .Solid({{-trunk * 3 / 2, L(0.5)},
              {-trunk, L(0.1)},
              {-trunk, L(-0.2)},
              {trunk, L(-0.2)},
              {trunk, L(0.1)},
              {trunk * 3 / 2, L(0.5)}});
  if (artist.random().Chance(0.4)) {  // fir
    Path& path = artist.Add(crown);
    for (int i = 0; i < 3; ++i) {
      const int top = L(-0.5) + L(0.2) * i;
      const int half = L(0.17) + L(0.07) * i;
      path.Solid({{0, top}, {half, top + L(0.34)}, {-half, top + L(0.34)}});
    }
  } else {
    Path& path = artist.Add(crown);
    path.Ellipse({0, L(-0.2)}, L(0.26), L(0.24));
    const int puffs = artist.Between(5, 7);
    const int start = artist.Between(0, kTurn);
    for (int i = 0; i < puffs; ++i) {
      const Point center = Polar({0, L(-0.2)}, L(0.19), start + i * kTurn / puffs);
      const int radius = artist.Length(0.10, 0.15);
      path.Disc(center, radius);
    }
  }
  return artist.Finish();
}

std::vector<Part> DrawHouse(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const Color wall = artist.Bold();
  const Color roof = artist.BoldBeside(wall);
  const int half = artist.Length(0.36, 0.44);
  const int eaves = artist.Length(-0.12, 0.02);
  const int overhang = half + L(0.06);
  if (artist.random().Chance(0.6)) {  // chimney
    const int x = artist.random().Chance(0.5) ? L(-0.26) : L(0.14);
    artist.Add(artist.Plain(Brighter(roof, -40))).Solid(Box(x, L(-0.47), x + L(0.11), L(-0.1)));
  }
  Paint walls = artist.Plain(wall);
  switch (artist.Between(0, 2)) {
    case 0:
      RandomizePattern(walls, Texture::kBricks, artist.Pixels(0.07), artist.random());
      walls.b = Brighter(wall, 70);
      break;
    case 1:  // boards
      RandomizePattern(walls, Texture::kStripes, artist.Pixels(0.06), artist.random());
      walls.b = Brighter(wall, -35);
      break;
    default:
      break;
  }
  artist.Add(walls).Solid(Box(-half, eaves - L(0.01), half, L(0.48)));
  artist.Add(artist.Patterned(Texture::kWaves, roof, Brighter(roof, -50), 0.08))
      .Solid({{-overhang, eaves}, {0, L(-0.48)}, {overhang, eaves}});
  const Color glass = artist.random().Chance(0.5) ? Color{235, 225, 150} : Color{45, 55, 75};
  const Color door = Brighter(wall, artist.random().Chance(0.5) ? -90 : 90);
  const int side = artist.random().Chance(0.5) ? 1 : -1;
  const int middle = side * half / 2;
  artist.Add(artist.Plain(door)).Solid(Box(middle - L(0.08), L(0.17), middle + L(0.08), L(0.48)));
  artist.Add(artist.Plain(glass)).Solid(Box(-middle - L(0.1), L(0.12), -middle + L(0.1), L(0.3)));
  return artist.Finish();
}

std::vector<Part> DrawLadder(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  Color wood = artist.Bold();
  if (artist.random().Chance(0.4)) wood = artist.Visible({176, 128, 72});
  const int half = artist.Length(0.16, 0.21);
  const int rail = artist.Width(0.07);
  const int rung = artist.Width(0.05);
  // Rungs must stay apart when the ladder is small.
  const int most = std::clamp(artist.pixels_across() * kPixel / (6 * sketch.thinnest), 3, 5);
  const int rungs = artist.Between(std::max(3, most - 2), most);
  const Paint paint = artist.Plain(wood);
  Path& path = artist.Add(paint);
  for (int i = 0; i < rungs; ++i) {
    const int y = L(-0.5) + kUnit * (2 * i + 1) / (2 * rungs);
    path.Stroke({-half, y}, {half, y}, rung);
  }
  path.Stroke({-half, L(-0.48)}, {-half, L(0.48)}, rail);
  path.Stroke({half, L(-0.48)}, {half, L(0.48)}, rail);
  return artist.Finish();
}

std::vector<Part> DrawBicycle(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const Color frame = artist.Bold();
  const Color tyre = artist.Visible({30, 30, 34});
  const Color steel = artist.Visible({170, 172, 178});
  const int radius = artist.Length(0.195, 0.225);
  const Point rear{L(-0.28), L(0.08)};
  const Point front{L(0.28), L(0.08)};
  const Point crank{L(-0.03), L(0.1)};
  const Point seat{L(-0.11), L(-0.15)};
  const Point head{L(0.19), L(-0.17)};
  const Point saddle{L(-0.13), L(-0.23)};
  const Point bar{L(0.16), L(-0.27)};
  // As in VOC the whole wheel is bicycle, also where one looks through between the spokes.
  Paint blur = artist.Plain(steel);
  blur.opacity = artist.Between(40, 110);
  Path& discs = artist.Add(blur);
  discs.Disc(rear, radius);
  discs.Disc(front, radius);
  if (artist.pixels_across() * kPixel > 30 * sketch.thinnest) {
    Path& spokes = artist.Add(artist.Plain(steel));
    const int turn = artist.Between(0, kTurn);
    for (const Point& hub : {rear, front}) {
      for (int i = 0; i < 3; ++i) {
        const int angle = turn + i * kTurn / 6;
        spokes.Stroke(Polar(hub, radius, angle), Polar(hub, radius, angle + kTurn / 2),
                      artist.Width(0.0));
      }
    }
  }
  Path& tyres = artist.Add(artist.Plain(tyre));
  tyres.Ring(rear, radius, artist.Width(0.034));
  tyres.Ring(front, radius, artist.Width(0.034));
  const int tube = artist.Width(0.032);
  Path& tubes = artist.Add(artist.Plain(frame));
  for (const auto& [from, to] :
       {std::pair{rear, crank}, std::pair{crank, seat}, std::pair{seat, head},
        std::pair{head, crank}, std::pair{rear, seat}, std::pair{head, front},
        std::pair{seat, saddle}, std::pair{head, bar}}) {
    tubes.Stroke(from, to, tube);
  }
  Path& black = artist.Add(artist.Plain(tyre));
  black.Stroke({saddle.x - L(0.06), saddle.y}, {saddle.x + L(0.06), saddle.y}, artist.Width(0.04));
  black.Stroke(bar, {bar.x + L(0.09), bar.y - L(0.02)}, artist.Width(0.03));
  return artist.Finish();
}

std::vector<Part> DrawPerson(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const int tone = artist.Between(90, 240);
  const Color skin = artist.Visible(FromHsv(artist.Between(50, 120), 110, tone));
  const Color shirt = artist.Bold();
  const Color trousers = artist.BoldBeside(shirt);
  const int leg = artist.Width(0.095);
  const int arm = artist.Width(0.075);

  Path& legs = artist.Add(artist.Plain(trousers));
  for (const int side : {-1, 1}) {
    const Point hip{side * L(0.045), L(0.1)};
    // Angles from straight down (a quarter turn), outwards.
    const Point knee = Polar(hip, L(0.19), kTurn / 4 - side * artist.Between(10, 85));
    const Point foot = Polar(knee, L(0.19), kTurn / 4 - side * artist.Between(-20, 50));
    legs.Stroke(hip, knee, leg);
    legs.Stroke(knee, foot, leg);
  }
  const Paint cloth = artist.random().Chance(0.4)
                          ? artist.Patterned(Texture::kStripes, shirt, Brighter(shirt, 70), 0.06)
                          : artist.Plain(shirt);
  Path& top = artist.Add(cloth);
  top.Solid({{L(-0.12), L(-0.27)}, {L(0.12), L(-0.27)}, {L(0.085), L(0.12)}, {L(-0.085), L(0.12)}});
  Point hands[2];
  for (int i = 0; i < 2; ++i) {
    const int side = i == 0 ? -1 : 1;
    const Point shoulder{side * L(0.11), L(-0.24)};
    const Point elbow = Polar(shoulder, L(0.15), kTurn / 4 - side * artist.Between(30, 300));
    hands[i] = Polar(elbow, L(0.14), kTurn / 4 - side * artist.Between(0, 400));
    top.Stroke(shoulder, elbow, arm);
    top.Stroke(elbow, hands[i], arm);
  }
  Path& bare = artist.Add(artist.Plain(skin));
  bare.Ellipse({0, L(-0.4)}, L(0.085), L(0.1));
  bare.Stroke({0, L(-0.33)}, {0, L(-0.26)}, artist.Width(0.07));
  for (const Point& hand : hands) bare.Disc(hand, arm * 5 / 8);
  return artist.Finish();
}

std::vector<Part> DrawFlag(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const Color a = artist.Bold();
  const Color b = artist.BoldBeside(a);
  const int pole_value = artist.Between(60, 220);
  const Color pole = artist.Visible(FromHsv(artist.Between(0, 200), 40, pole_value));
  const int mast = L(-0.3);
  const int length = artist.Length(0.55, 0.68);
  const int drop = artist.Length(0.38, 0.5);
  const int swing = artist.Length(0.015, 0.04);
  const int phase = artist.Between(0, kTurn);
  // The line at share `part` of the cloth's height, from the mast to the free end.
  constexpr int kSteps = 12;
  const auto line = [&](int part, bool back) {
    std::vector<Point> points;
    for (int i = 0; i <= kSteps; ++i) {
      const int step = back ? kSteps - i : i;
      const int wave = swing * step / kSteps * Sine(phase + step * kTurn / kSteps);
      points.push_back({mast + length * step / kSteps,
                        L(-0.46) + drop * part / 12 + wave / (1 << (kSineBits - 1))});
    }
    return points;
  };
  const auto band = [&](int from, int to) {
    std::vector<Point> points = line(from, false);
    const std::vector<Point> lower = line(to, true);
    points.insert(points.end(), lower.begin(), lower.end());
    return points;
  };
  artist.Add(artist.Plain(a)).Solid(band(0, 12));
  switch (artist.Between(0, 3)) {
    case 0:
      artist.Add(artist.Plain(b)).Solid(band(4, 8));
      break;
    case 1:
      artist.Add(artist.Plain(b)).Solid(band(6, 12));
      break;
    case 2: {  // a disc
      const int middle = mast + length / 2;
      artist.Add(artist.Plain(b)).Disc({middle, L(-0.46) + drop / 2}, drop * 3 / 11);
      break;
    }
    default: {  // a cross
      Path& cross = artist.Add(artist.Plain(b));
      cross.Solid(band(5, 7));
      const int x = mast + length / 3;
      cross.Solid(
          Box(x - drop / 12, L(-0.46) + drop / 16, x + drop / 12, L(-0.46) + drop * 15 / 16));
      break;
    }
  }
  Path& rod = artist.Add(artist.Plain(pole));
  rod.Stroke({mast, L(-0.48)}, {mast, L(0.5)}, artist.Width(0.032));
  rod.Disc({mast, L(-0.49)}, artist.Width(0.032) * 3 / 4);
  return artist.Finish();
}

std::vector<Part> DrawUmbrella(const Sketch& sketch, RandomStream& random) {
  Artist artist(sketch, random);
  const Color a = artist.Bold();
  const Color b = artist.random().Chance(0.7) ? artist.BoldBeside(a) : Brighter(a, -35);
  const Color stick = artist.Visible({60, 45, 40});
  const Point rim{0, L(0.0)};
  const int width = artist.Width(0.032);
  Path& shaft = artist.Add(artist.Plain(stick));
  shaft.Stroke({0, L(-0.48)}, {0, L(0.4)}, width);
  Point last{0, L(0.4)};
  for (int i = 1; i <= 4; ++i) {  // the crook
    const Point next = Polar({L(-0.07), L(0.4)}, L(0.07), i * kTurn / 8);
    shaft.Stroke(last, next, width);
    last = next;
  }
  // Gores from the tip to the rim; the lower edge of each is arched.
  const int gores = artist.Between(4, 6);
  const Point tip{0, L(-0.44)};
  const Paint paints[2] = {artist.Plain(a), artist.Plain(b)};
  for (int gore = 0; gore < gores; ++gore) {
    const int from = -kTurn / 2 + gore * (kTurn / 2) / gores;
    const int to = -kTurn / 2 + (gore + 1) * (kTurn / 2) / gores;
    // Seen from the side: the rim is a line, the gores look narrower towards the sides.
    const auto rim_x = [&](int angle) { return (L(0.5) * Cosine(angle)) >> kSineBits; };
    const auto edge = [&](int x, int part) {  // part in 0..8 of the way from the tip to the rim
      const int across = x * Sine(part * kTurn / 32) >> kSineBits;
      const int down =
          tip.y + (((rim.y - tip.y) * ((1 << kSineBits) - Cosine(part * kTurn / 32))) >> kSineBits);
      return Point{across, down};
    };
    const int left = rim_x(from), right = rim_x(to);
    std::vector<Point> contour;
    for (int part = 0; part <= 8; ++part) contour.push_back(edge(left, part));
    for (int step = 1; step < 6; ++step) {
      const int x = left + (right - left) * step / 6;
      contour.push_back(
          {x, rim.y - (((right - left) * 5 / 16 * Sine(step * kTurn / 12)) >> kSineBits)});
    }
    for (int part = 8; part > 0; --part) contour.push_back(edge(right, part));
    artist.Add(paints[gore % 2]).Solid(std::move(contour));
  }
  return artist.Finish();
}

}  // namespace

Color ContrastingColor(const Color& under, RandomStream& random) {
  Color best = RandomColor(random);
  for (int i = 0; i < 6 && Distance(best, under) < 170; ++i) {
    const Color next = RandomColor(random);
    if (Distance(next, under) > Distance(best, under)) best = next;
  }
  return best;
}

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kinds = {
      {"ball", {230, 60, 60}, 8, 8, 100, 100, kTurn, DrawBall},
      {"star", {250, 200, 40}, 10, 11, 100, 100, kTurn, DrawStar},
      {"ring", {245, 130, 48}, 11, 14, 100, 100, kTurn, DrawRing},
      {"tree", {60, 160, 70}, 11, 16, 60, 100, kTurn / 20, DrawTree},
      {"house", {170, 110, 60}, 7, 12, 100, 100, kTurn / 24, DrawHouse},
      {"ladder", {220, 190, 255}, 14, 28, 45, 100, kTurn / 7, DrawLadder},
      {"bicycle", {70, 130, 230}, 8, 28, 100, 65, kTurn / 16, DrawBicycle},
      {"person", {240, 120, 200}, 13, 25, 60, 100, kTurn / 16, DrawPerson},
      {"flag", {70, 220, 230}, 12, 22, 70, 100, kTurn / 18, DrawFlag},
      {"umbrella", {150, 60, 200}, 10, 20, 100, 100, kTurn / 7, DrawUmbrella},
  };
  return kinds;
}

}  // namespace seglab::shapes
