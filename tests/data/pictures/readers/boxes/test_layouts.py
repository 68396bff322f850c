"""Which picture an annotation names."""

from kerasnotes.data.pictures.readers.boxes import layouts


def test_the_right_one_of_several_pictures():
    index = layouts.PictureIndex(
        ["x/train/1.jpg", "x/val/1.jpg", "y/1.jpg", "2.JPG", "2.png"]
    )
    assert index.find("val/1.jpg") == "x/val/1.jpg"
    assert index.find("1.jpg", "x/train") == "x/train/1.jpg"
    assert index.find("1.jpg", "", "dev") == "x/val/1.jpg"
    assert index.find("1.jpg") is None
    assert index.find("2.jpg") == "2.JPG" and index.find("2.bmp") is None
    assert index.find("") is None and index.find("3.jpg") is None
