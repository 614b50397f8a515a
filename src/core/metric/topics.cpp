#include "core/metric/topics.h"

#include <algorithm>
#include <cmath>

#include "core/base/pace.h"
#include "core/no_postgres.h"

namespace vg::metric {
namespace {

double discount(std::size_t position) {
    return 1.0 / std::log2(static_cast<double>(position) + 2.0);
}

// How often each subtopic was seen, as the gain that its next document brings.
class Novelty {
  public:
    Novelty(std::size_t topics, double alpha) : gain_(topics, 1.0), keep_(1.0 - alpha) {}

    double gain(std::span<const std::uint32_t> topics) const {
        double sum = 0.0;
        for (const std::uint32_t topic : topics)
            sum += gain_[topic];
        return sum;
    }
    void see(std::span<const std::uint32_t> topics) {
        for (const std::uint32_t topic : topics)
            gain_[topic] *= keep_;
    }

  private:
    std::vector<double> gain_;
    double keep_;
};

}  // namespace

TopicRun::TopicRun(std::span<const TopicDocument> documents,
                   std::span<const std::string_view> names, Poll poll) {
    Pace pace(poll);
    std::vector<std::string_view> distinct(names.begin(), names.end());
    sort_paced(distinct.begin(), distinct.end(), pace);
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    topic_count_ = distinct.size();

    start_.push_back(0);
    std::size_t retrieved = 0;
    for (const TopicDocument& document : documents) {
        const auto begin = static_cast<std::ptrdiff_t>(topics_.size());
        for (const std::string_view name : names.subspan(document.first, document.count)) {
            pace();
            const auto at = std::lower_bound(distinct.begin(), distinct.end(), name);
            topics_.push_back(static_cast<std::uint32_t>(at - distinct.begin()));
        }
        std::sort(topics_.begin() + begin, topics_.end());
        topics_.erase(std::unique(topics_.begin() + begin, topics_.end()), topics_.end());
        start_.push_back(topics_.size());
        retrieved += document.rank != 0;
    }
    run_.resize(retrieved);
    for (std::size_t i = 0; i < documents.size(); ++i) {
        if (documents[i].rank != 0)
            run_[static_cast<std::size_t>(documents[i].rank) - 1] = i;
    }
}

double TopicRun::alpha_dcg_at(std::size_t k, double alpha) const {
    Novelty novelty(topic_count_, alpha);
    double sum = 0.0;
    for (std::size_t i = 0; i < std::min(k, run_.size()); ++i) {
        const Topics topics = topics_of(run_[i]);
        sum += novelty.gain(topics) * discount(i);
        novelty.see(topics);
    }
    return sum;
}

double TopicRun::alpha_ndcg_at(std::size_t k, double alpha, Poll poll) const {
    Pace pace(poll);
    std::vector<std::size_t> pool;
    for (std::size_t i = 0; i + 1 < start_.size(); ++i) {
        if (start_[i] != start_[i + 1])
            pool.push_back(i);
    }
    sort_paced(pool.begin(), pool.end(), pace, [&](std::size_t a, std::size_t b) {
        const Topics x = topics_of(a);
        const Topics y = topics_of(b);
        return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
    });
    Novelty novelty(topic_count_, alpha);
    double ideal = 0.0;
    for (std::size_t i = 0; i < k && !pool.empty(); ++i) {
        std::size_t best = 0;
        double best_gain = -1.0;
        for (std::size_t j = 0; j < pool.size(); ++j) {
            pace();
            const double gain = novelty.gain(topics_of(pool[j]));
            if (gain > best_gain) {
                best_gain = gain;
                best = j;
            }
        }
        ideal += best_gain * discount(i);
        novelty.see(topics_of(pool[best]));
        pool.erase(pool.begin() + static_cast<std::ptrdiff_t>(best));
    }
    return ideal > 0.0 ? alpha_dcg_at(k, alpha) / ideal : 0.0;
}

double TopicRun::subtopic_recall_at(std::size_t k) const {
    std::vector<char> seen(topic_count_, 0);
    std::size_t count = 0;
    for (std::size_t i = 0; i < std::min(k, run_.size()); ++i) {
        for (const std::uint32_t topic : topics_of(run_[i])) {
            count += seen[topic] == 0;
            seen[topic] = 1;
        }
    }
    return topic_count_ == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(topic_count_);
}

}  // namespace vg::metric
