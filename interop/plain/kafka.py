"""A plain Kafka client (librdkafka): messages of a test as JSON lines, without any header of Spring or ours.

kafka.py BROKERS send TOPIC [SETTING=VALUE ...]            sends the lines of standard input and prints where each one is
kafka.py BROKERS receive TOPIC GROUP [SETTING=VALUE ...]   prints what it is given until it is ended
"""

import base64
import json
import signal
import sys

from confluent_kafka import Consumer, KafkaException, Producer


def settings(brokers, pairs):
    return {"bootstrap.servers": brokers, **dict(pair.split("=", 1) for pair in pairs)}


def decoded(text):
    return None if text is None else base64.b64decode(text)


def encoded(data):
    return None if data is None else base64.b64encode(data).decode()


def tell(**content):
    print(json.dumps(content), flush=True)


def send(config, topic):
    def told(error, message):
        if error is not None:
            raise KafkaException(error)
        tell(partition=message.partition(), offset=message.offset())

    producer = Producer({"enable.idempotence": True, "linger.ms": 20, **config})
    for line in sys.stdin:
        message = json.loads(line)
        headers = [(name, decoded(value)) for name, value in message.get("headers", {}).items()]
        producer.produce(topic, decoded(message.get("payload")), decoded(message.get("key")), headers=headers, on_delivery=told)
        producer.poll(0)
    producer.flush(60)


def receive(config, topic, group):
    consumer = Consumer({"auto.offset.reset": "earliest", **config, "group.id": group})
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    consumer.subscribe([topic])
    while not ended:
        message = consumer.poll(0.2)
        if message is None:
            continue
        if message.error() is not None:
            raise KafkaException(message.error())
        tell(
            payload=encoded(message.value()),
            key=encoded(message.key()),
            headers={name: encoded(value) for name, value in message.headers() or []},
            partition=message.partition(),
        )
    consumer.close()


if __name__ == "__main__":
    brokers, command, topic, *rest = sys.argv[1:]
    if command == "send":
        send(settings(brokers, rest), topic)
    else:
        receive(settings(brokers, rest[1:]), topic, rest[0])
