# ruff: noqa
from celery import shared_task

from django.db import models

from shop.models import Order


class Invoice(models.Model):
    total = models.IntegerField()


@shared_task
def work(pk):
    order = Order.objects.get(pk=pk)
    order.state = "done"
    order.lines.add(1)
    order.save()
    invoice = Invoice.objects.create(total=1)
    invoice.total = 2
    Invoice.objects.filter(pk=1).update(total=3)
    Order.objects.update(state="x")
