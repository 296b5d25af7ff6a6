# Starts the broker of docker-compose.yml: the official image's own start, with a cluster id of its own.
# An empty volume becomes a new cluster with a new id. Readers keep the id beside their places in the topics, so they
# know a Kafka that was lost and came back empty; the image's default id would be the same every time.
# A volume that is formatted keeps the id it has: any other is refused.
set -eu
kept=$(sed -n 's/^cluster\.id=//p' "$KAFKA_LOG_DIRS/meta.properties" 2>/dev/null || true)
drawn=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c2-22) # 16 bytes as Kafka writes them...
export CLUSTER_ID="${kept:-G$drawn}"                                  # ...never beginning like an option
exec /etc/kafka/docker/run
