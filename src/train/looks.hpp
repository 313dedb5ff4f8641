#pragma once

#include <string>
#include <vector>

#include "train/features.hpp"
#include "train/pooling.hpp"

namespace ounce::train {

/// The pictures looked at in one way: a side, and views one after the other (the first is Plain).
struct Look {
    int side_px = 0;
    std::vector<FeatureTable> views;
};

/// The features of a look for one pooling: the pictures as they are, then view after view.
Matrix picked(Look const& look, Pooling pooling);

/// Keeps the rows where `keep` is not 0.
void drop_rows(FeatureTable& table, std::vector<std::uint8_t> const& keep);

/// Time that looking at pictures again may take, and what it has taken so far.
class LookBudget {
  public:
    explicit LookBudget(double minutes) : minutes_(minutes) {}
    [[nodiscard]] double minutes() const { return minutes_; }
    /// Whether `pictures` at `side_px` fit in what is left, at the pace so far. True before the first.
    [[nodiscard]] bool has_room(int side_px, std::size_t pictures) const {
        return spent_ + seconds_per_pixel_ * pixels(side_px, pictures) <= minutes_ * 60;
    }
    void spend(FeatureTable const& table, int side_px);

  private:
    static double pixels(int side_px, std::size_t pictures) {
        return static_cast<double>(side_px) * side_px * static_cast<double>(pictures);
    }
    double minutes_;
    double spent_ = 0;
    double seconds_per_pixel_ = 0;
};

}  // namespace ounce::train
