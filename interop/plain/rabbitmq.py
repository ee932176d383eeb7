"""A plain RabbitMQ client (pika): messages of a test as JSON lines, without any header of Spring or ours.

rabbitmq.py URL send EXCHANGE                sends the lines of standard input
rabbitmq.py URL receive EXCHANGE QUEUE       prints what it is given until it is ended
"""

import base64
import json
import signal
import sys

import pika


def encoded(data):
    return base64.b64encode(data).decode()


def tell(**content):
    print(json.dumps(content, default=str), flush=True)


def connect(url, exchange):
    channel = pika.BlockingConnection(pika.URLParameters(url)).channel()
    channel.exchange_declare(exchange, "topic", durable=True)
    return channel


def send(channel, exchange):
    channel.confirm_delivery()
    for line in sys.stdin:
        message = json.loads(line)
        given = {name: base64.b64decode(value).decode() for name, value in message.get("headers", {}).items()}
        properties = pika.BasicProperties(headers=given or None, delivery_mode=2)
        body = base64.b64decode(message.get("payload") or "")
        channel.basic_publish(exchange, exchange, body, properties, mandatory=True)
        tell(sent=True)


def receive(channel, exchange, queue):
    channel.queue_declare(queue, durable=True)
    channel.queue_bind(queue, exchange, "#")

    def given(channel, method, properties, body):
        tell(
            payload=encoded(body),
            headers={name: encoded(str(value).encode()) for name, value in (properties.headers or {}).items()},
            contentType=properties.content_type,
        )
        channel.basic_ack(method.delivery_tag)

    channel.basic_consume(queue, given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    tell(ready=True)
    channel.start_consuming()


if __name__ == "__main__":
    url, command, exchange, *rest = sys.argv[1:]
    if command == "send":
        send(connect(url, exchange), exchange)
    else:
        receive(connect(url, exchange), exchange, rest[0])
